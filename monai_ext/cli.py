"""``python -m monai_ext VERB``: each verb assembles a bundle run or calls one room."""

from __future__ import annotations

import logging
import os
import sys

from monai_ext.cli_experiments import ExperimentVerbs
from monai_ext.cli_values import as_number, as_values, as_words, quoted, refuse_unknown
from monai_ext.errors import MonaiExtError
from monai_ext.flags import as_bool, as_folder, as_path
from monai_ext.trust import trusting


class Verbs(ExperimentVerbs):
    """MONAI bundles for computational pathology.

    Slides to features and training are bundle runs, e.g.

        python -m monai.bundle run training --config_file bundles/NAME/configs/train.json ...

    These verbs do what lies around them. ``python -m monai_ext VERB --help`` tells the options.
    """

    def doctor(self, folder: str = "", cohort: str = "") -> str:
        """Say what works on this machine and, of a folder, what is in it and what is missing.

        Args:
            folder: of features or of slides.
            cohort: CSV with columns slide, patient, label.
        """
        from monai_ext.doctor import report

        return report(as_path(folder), as_path(cohort))

    def split(  # noqa: PLR0913, PLR0917  a command line has as many options as it has
        self,
        cohort: str,
        features: str,
        output: str,
        folds: str = "",
        shots: str = "",
        draws: str = "20",
        train_patients: str = "8",
        seed: str = "0",
        classes: str = "",
        encoder: str = "",
        tile_px: str = "",
        validation: str = "0",
        group: str = "",
        **given: str,
    ) -> str:
        """Split a cohort by patients into MONAI datalists.

        Args:
            cohort: CSV with columns slide, patient, label.
            features: folder of feature files (TRIDENT, CLAM, STAMP or ours).
            output: folder of the datalists.
            folds: K of a cross-validation: test is fold k, validation 15 % of the other patients.
            shots: slides a class for few-shot draws, e.g. 1,2,4; no validation part.
            draws: few-shot draws for each number of shots.
            train_patients: patients that few-shot slides are drawn from; the others are tested.
            seed: of all draws.
            classes: class names in label order, e.g. benign,malignant; default: sorted.
            encoder: which encoder's features, where the folder holds several.
            tile_px: which tile size, likewise.
            validation: patients of a validation part in few-shot draws, to tune on.
            group: site keeps all patients of a site in one part; a column of the cohort, or the
                tissue source site of TCGA barcodes.
            given: --from splits.csv takes a split that exists.
        """
        from monai_ext.data import find_features, write_splits

        source = given.pop("from", "")
        refuse_unknown(given, "split", "--from")
        folder = find_features(
            as_folder(features), encoder=as_words(encoder) or None, tile_px=as_number(tile_px)
        )
        written = write_splits(
            as_folder(output),
            as_folder(cohort),
            folder,
            class_names=as_words(classes) or None,
            folds=as_number(folds),
            shots=[int(k) for k in as_words(shots)] or None,
            draws=int(draws),
            train_patients=int(train_patients),
            from_table=as_path(source),
            seed=int(seed),
            validation_patients=int(validation),
            group=group,
        )
        return "\n".join(map(str, written))

    def split_images(
        self,
        table: str,
        classes: str,
        output: str,
        ratios: str = "1.0",
        test: str = "0.2",
        validation: str = "0.15",
        seed: str = "0",
    ) -> str:
        """Split images and masks by patients into segmentation datalists.

        Args:
            table: CSV with columns image, mask (empty: unlabelled), patient; also mpp, group, part.
            classes: class names by pixel value, background first, e.g. background,gland.
            output: folder of the datalists.
            ratios: shares of the training masks that are used, e.g. 0.1,0.2,1; nested.
            test: share of the patients that is tested.
            validation: share of the other patients.
            seed: of all draws.
        """
        from monai_ext.data import read_image_table, split_image_table, write_labelled_subsets

        split, bare = split_image_table(
            read_image_table(as_folder(table)),
            as_words(classes),
            test=float(test),
            validation=float(validation),
            seed=int(seed),
        )
        shares = [float(share) for share in as_words(ratios)]
        written = write_labelled_subsets(
            split, as_folder(output), ratios=shares, unlabelled=bare, seed=int(seed)
        )
        return "\n".join(map(str, written))

    def embed_text(
        self,
        priors: str,
        encoder: str,
        output: str,
        checkpoint: str = "",
        texts: str = "",
        **options: str,
    ) -> str:
        """Embed the texts of a task, priors or prompts, for methods that use words.

        Args:
            priors: JSON file of a bundle's configs/priors.
            encoder: name of a text encoder, e.g. minilm_l6_v2.
            output: safetensors file to write.
            checkpoint: weights, for encoders that do not carry theirs.
            texts: description, or paraphrase; of prompts for segmentation: the set, e.g. generic.
            options: further arguments of the encoder, e.g. --tokenizer PATH.
        """
        from monai_ext.data import embed_file

        written = embed_file(
            as_folder(priors),
            encoder,
            as_folder(output),
            checkpoint=as_path(checkpoint),
            texts=texts,
            options=as_values(options),
        )
        return str(written)

    def list(self, kind: str = "") -> str:
        """Name what can be chosen by a config id, ours and other packages'.

        Args:
            kind: one id, such as encoder or model; all of them by default.
        """
        from monai_ext.doctor import list_components

        return list_components(kind)

    def predict(
        self,
        model: str,
        output: str,
        slides: str = "",
        features: str = "",
        allow_demo: str = "False",
        trusted: str = "False",
        **overrides: str,
    ) -> str:
        """Predict slides or feature files with a trained run; write what viewers open.

        Args:
            model: run folder of a training, or an unpacked bundle with weights.
            output: folder for predictions.csv, heat maps, GeoJSON and contact sheets.
            slides: folder of slides, or one; features are made first where they are missing.
            features: folder of feature files; give --slides too for pictures.
            allow_demo: let demonstration weights see slides that may be real.
            trusted: True runs a bundle of yours that uses what monai_ext does not know.
            overrides: config ids of the run's inference.json, e.g. --mpp 0.5.
        """
        from monai_ext.experiments import predict

        with trusting(as_bool(trusted)):
            return predict(
                model,
                output,
                slides=as_path(slides),
                features=as_path(features),
                overrides=as_values(overrides),
                allow_demo=as_bool(allow_demo),
            )

    def export(
        self,
        model: str,
        format: str = "ts",  # noqa: A002  the field's word
        output: str = "",
        trusted: str = "False",
        **overrides: str,
    ) -> str:
        """Write a trained network in a form that others run, and hold it against the network.

        Args:
            model: run folder, unpacked bundle with weights, or pathology_tile_feature_extraction.
            format: ts (TorchScript), pt2 (torch.export), onnx, or wsinfer (tiles in QuPath).
            output: file, or folder for wsinfer; by default beside the weights.
            trusted: True runs a bundle of yours that uses what monai_ext does not know.
            overrides: config ids of inference.json; for wsinfer of the encoder, as --checkpoint.
        """
        from monai_ext.experiments import export

        with trusting(as_bool(trusted)):
            return export(model, format, as_path(output), as_values(overrides))

    def inspect(self, bundle: str, unpack: str = "") -> str:
        """List what a stranger's bundle would import, evaluate and write; run nothing of it.

        Args:
            bundle: zip file or folder of a bundle, or a run folder.
            unpack: new folder for a zip file in which nothing is refused.
        """
        from monai_ext.trust import inspect_bundle

        return inspect_bundle(as_folder(bundle), as_path(unpack))

    def label_app(self, app: str, models: str) -> str:
        """Make a MONAI Label app that serves trained runs; docs/label.md tells how it is started.

        Args:
            app: folder of the app, new or existing.
            models: run folders or unpacked bundles, e.g. runs/abmil,runs/glands.
        """
        from monai_ext.label import make_app

        names = make_app(as_folder(app), [as_folder(model) for model in as_words(models)])
        return f"{app} serves {', '.join(names)}"

    def demo(self, output: str = "runs/demo", seed: str = "0") -> str:
        """Make slides with planted lesions, extract, train, evaluate and draw; about 8 minutes.

        Args:
            output: folder for all of it.
            seed: of the slides and the training.
        """
        from monai_ext.experiments import demo

        return demo(output, seed=int(seed))


def main() -> None:
    """Run the verb on the command line; a typed error is one line and exit code 1."""
    import fire

    if as_bool(os.environ.get("MONAI_ALLOW_PICKLE")):
        raise SystemExit("MONAI_ALLOW_PICKLE is set. Rule: nothing is unpickled. Repair: unset it.")
    logging.basicConfig(format="%(message)s", level=logging.WARNING, stream=sys.stderr)
    logging.getLogger("monai_ext").setLevel(logging.INFO)
    command = [*sys.argv[1:2], *(quoted(word) for word in sys.argv[2:])]
    if {"--help", "-h"} & set(command[1:]):
        command = [command[0], "--", "--help"]  # else a verb with free options would take it
    try:
        fire.Fire(Verbs, command=command, name="python -m monai_ext")
    except MonaiExtError as error:
        raise SystemExit(f"{type(error).__name__}: {error}") from error
