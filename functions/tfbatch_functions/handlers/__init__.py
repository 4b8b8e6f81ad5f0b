"""The four Lambda handlers. Bundling puts these modules at the root of the function's zip."""
