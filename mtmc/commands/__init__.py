"""The commands of `mtmc`, a file each."""
