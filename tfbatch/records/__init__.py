"""TFRecord files: packed from photographs, unpacked, counted, and checked byte by byte."""
