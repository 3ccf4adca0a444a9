"""What folders and files are called that are no classes of photographs: splits, and masks."""

from __future__ import annotations

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SPLIT_WORDS = {
    "train": "train training trn trainset",
    "validation": "val valid validation dev devel validate valset",
    "test": "test testing tst holdout testset",
}
SPLIT_OF_WORD = {word: split for split, words in SPLIT_WORDS.items() for word in words.split()}
# words that a split's folder may have beside its own: train_images, test2017, seg_train
BESIDE_SPLIT = _words("image images img imgs picture pictures photo photos set data dataset split seg the of jpg png")
ALWAYS_MASKS = frozenset({"ground_truth", "groundtruth", "ground truth", "ground-truth", "gt"})
PERHAPS_MASKS = _words(
    "mask masks label labels annotation annotations segmentation segmentations seg segs target targets mattes trimaps"
)
MASK_ENDING = re.compile(r"[_\-. ](?:mask|masks|gt|seg|segmentation|label|labels|annotation|matte)$", re.IGNORECASE)
WORDS = re.compile(r"[^\W\d_]+")


def split_of(name: str) -> str | None:
    """The split that a folder's name stands for, None for any other name. Case and numbers don't matter."""
    words = [word.lower() for word in WORDS.findall(name)]
    splits = {SPLIT_OF_WORD[word] for word in words if word in SPLIT_OF_WORD}
    others = [word for word in words if word not in SPLIT_OF_WORD and word not in BESIDE_SPLIT]
    return splits.pop() if len(splits) == 1 and not others else None


def is_masks(name: str) -> bool:
    """Whether a folder's name says that it holds masks, not photographs."""
    return name.lower() in ALWAYS_MASKS


def may_be_masks(name: str) -> bool:
    """Whether a folder's name is one that masks often have; classes may have it, too."""
    return is_masks(name) or name.lower() in PERHAPS_MASKS


def without_mask_ending(stem: str) -> str:
    """000 of 000_mask; the same text where it has no such ending."""
    return MASK_ENDING.sub("", stem)
