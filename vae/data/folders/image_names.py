"""Which files are taken for images by their names' endings, and what to say of others."""

from __future__ import annotations

import functools
import re
from pathlib import PurePosixPath


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# image_decoding.FORMATS, as files of these kinds are called
ENDINGS = _words(".png .apng .jpg .jpeg .jpe .jfif .webp .avif .bmp .dib .gif .tif .tiff .pgm .ppm .pbm .pnm .pfm")
UPLOADS = [ending.removeprefix(".") for ending in ENDINGS]
KINDS = "PNG, JPEG, WebP, AVIF, BMP, GIF, TIFF or PGM/PPM"
IMAGES_NOT_READ = _words(
    ".heic .heif .jp2 .j2k .jxl .svg .pdf .psd .xcf .raw .dng .nef .cr2 .cr3 .arw .exr .hdr .dcm .nii .tga .ico .pcx "
    ".eps .npy .npz .mat .mp4 .avi .mov .webm"
)
DIGITS = re.compile(r"\d+")
LONGEST_NUMBER = 18  # digits; a longer one counts as 0


def is_image_name(name: str) -> bool:
    """Whether a file's name has an image's ending, in whatever case."""
    return name.lower().endswith(ENDINGS)


def why_not(name: str) -> str:
    """Why a file of this name is not taken for an image, in a few words."""
    ending = PurePosixPath(name).suffix.lower()[:12]
    if ending in IMAGES_NOT_READ:
        return f"{ending} files are not read: save them as PNG or JPEG"
    return f"no image by its name, which ends in {ending}" if ending else "no image by its name, which has no ending"


def natural(name: str) -> tuple[str, str]:
    """A key by which names are sorted as people count: s1, s2, s10. Equal only for equal names."""
    return DIGITS.sub(_counted, name.casefold()), name


def _counted(digits: re.Match[str]) -> str:
    """A number so that text sorts it by its value, then as it is written, and before any other text."""
    found = digits[0]
    value = found if found.isascii() and len(found) <= LONGEST_NUMBER else ""
    return f"\0{value:0>{LONGEST_NUMBER}}{found}\0"


def folders_of(path: str) -> tuple[str, ...]:
    """The folders that a relative path, with / between them, leads through, the outermost first."""
    return _parts(path.rpartition("/")[0])


@functools.lru_cache(4_096)  # files of one folder share it: pathlib takes ten times as long for each of many thousands
def _parts(folder: str) -> tuple[str, ...]:
    return tuple(folder.split("/")) if folder else ()


def stem_of(path: str) -> str:
    """A file's name without its ending, as pathlib has it."""
    name = path.rpartition("/")[2]
    dot = name.rfind(".")
    return name[:dot] if 0 < dot < len(name) - 1 else name
