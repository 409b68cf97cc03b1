"""Verbs that train a bundle many times, and compare what came out."""

from __future__ import annotations

from monai_ext.cli_values import as_values, is_number, refuse_baseline
from monai_ext.flags import as_bool, as_folder, as_path
from monai_ext.trust import trusting


class ExperimentVerbs:
    """``crossval``, ``tune``, ``compare`` and ``text_controls``."""

    def crossval(  # noqa: PLR0913, PLR0917  a command line has as many options as it has
        self,
        bundle: str,
        splits: str,
        output: str,
        baseline: str = "0.01",
        seed: str = "0",
        settings: str = "",
        shard: str = "",
        report: str = "False",
        trusted: str = "False",
        **overrides: str,
    ) -> str:
        """Train and test a bundle on every split of a folder; finished splits are not redone.

        Args:
            bundle: name or folder of a bundle.
            splits: folder of datalists.
            output: folder of the experiment.
            baseline: C of the mean-pool logistic regression shown beside; False leaves it out.
            seed: of the bootstrap.
            settings: best.json that tune wrote; overrides win over it.
            shard: i/n does every n-th split from the i-th on, e.g. 2/4; all may share one output.
            report: True trains nothing and writes the report.
            trusted: True runs a bundle of yours that uses what monai_ext does not know.
            overrides: config ids of the bundle, e.g. --m 10 --use_ot False.
        """
        from monai_ext.experiments import read_shard, report_crossval, run_crossval

        c = float(baseline) if is_number(baseline) else refuse_baseline(baseline)
        if as_bool(report):
            return report_crossval(bundle, splits, output, baseline_c=c, seed=int(seed))
        with trusting(as_bool(trusted)):
            return run_crossval(
                bundle,
                splits,
                output,
                baseline_c=c,
                seed=int(seed),
                overrides=as_values(overrides),
                settings=as_path(settings),
                shard=read_shard(shard) if shard else None,
            )

    def tune(
        self,
        bundle: str,
        splits: str,
        output: str,
        space: str,
        trials: str = "12",
        seed: str = "0",
        metric: str = "val_auc",
        trusted: str = "False",
        **overrides: str,
    ) -> str:
        """Try settings on validation parts; the test part is never read.

        Args:
            bundle: name or folder of a bundle.
            splits: folder of datalists with a validation part each.
            output: folder for trials.csv, best.json and the runs; finished ones are not redone.
            space: "learning_rate=1e-4,3e-4;dropout=0,.25" or a JSON file of choices and ranges.
            trials: budget; give every method the same. A smaller grid is tried whole.
            seed: of the random search.
            metric: val_auc (equal ones by the loss) or val_loss.
            trusted: True runs a bundle of yours that uses what monai_ext does not know.
            overrides: config ids that are the same in every trial.
        """
        from monai_ext.experiments import Budget, read_space, tune

        with trusting(as_bool(trusted)):
            return tune(
                bundle,
                splits,
                output,
                space=read_space(space),
                budget=Budget(int(trials), int(seed), metric),
                overrides=as_values(overrides),
            )

    def compare(
        self,
        *experiments: str,
        output: str = "",
        reference: str = "",
        baseline: str = "True",
        shuffled: str = "",
        seed: str = "0",
    ) -> str:
        """Compare experiments on the same splits: one table, one figure, every run.

        Args:
            experiments: folders that crossval wrote; the first is the reference.
            output: folder for compare.md, .csv, .json, .png and runs.csv.
            reference: name of another reference: an experiment's folder name.
            baseline: whether the mean-pool baseline of the experiments is a method too.
            shuffled: experiment trained on shuffled labels, shown beside.
            seed: of bootstrap and permutations.
        """
        from monai_ext.experiments import compare

        return compare(
            [as_folder(folder) for folder in experiments],
            as_folder(output),
            reference=str(reference),
            has_baseline=as_bool(baseline),
            shuffled=as_path(shuffled),
            seed=int(seed),
        )

    def text_controls(
        self,
        splits: str,
        text: str,
        output: str,
        paraphrased: str = "",
        draws: str = "20",
        retrain: str = "True",
        **overrides: str,
    ) -> str:
        """Ask whether the texts of Libra-MIL carry meaning, with texts that should not work.

        Args:
            splits: folder of datalists.
            text: embedded texts, see embed-text.
            output: folder of the experiment.
            paraphrased: the same texts in other words, embedded; without, that control is left out.
            draws: of shuffled and of random texts.
            retrain: also train with each control.
            overrides: config ids of the bundle.
        """
        from monai_ext.experiments import text_controls

        return text_controls(
            as_folder(splits),
            as_folder(output),
            text=as_folder(text),
            paraphrased=as_path(paraphrased),
            draws=int(draws),
            is_retrained=as_bool(retrain),
            overrides=as_values(overrides),
        )
