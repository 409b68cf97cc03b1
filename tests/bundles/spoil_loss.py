"""A handler that seeds epochs and spoils the network's head, so that the loss is no number."""

from ignite.engine import Events

from monai_ext.engines.seed_epochs import SeedEpochs


class SpoilLoss(SeedEpochs):
    """Stands in the place of ``SeedEpochs`` in a config."""

    def attach(self, engine):
        super().attach(engine)
        engine.add_event_handler(Events.ITERATION_STARTED, self.spoil)

    def spoil(self, engine):
        engine.network.head.bias.data.fill_(float("nan"))
