"""The functions that a module needs, one file each; what a file imports from here, the module holds too."""
