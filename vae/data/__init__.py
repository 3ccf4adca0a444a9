"""Images in and out: data sets, folders of images, one picture, exported sheets."""
