"""Files on this machine and objects in S3, behind one interface."""
