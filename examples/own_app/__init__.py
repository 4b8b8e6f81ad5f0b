"""An app with a VPC, a key and a bucket of its own, to which batch inference is added."""
