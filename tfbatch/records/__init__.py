"""TFRecord files: packing photographs, unpacking, counting and verifying."""
