"""Pure tensor functions: the bag tensor, masks, segments, regions, costs, optimal transport."""

from monai_ext.ops.bag_layout import BagParts, pack_bag, pad_bags, unpack_bag

__all__ = ["BagParts", "pack_bag", "pad_bags", "unpack_bag"]
