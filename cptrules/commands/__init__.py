"""The commands of the command line, one module each, named like its command."""
