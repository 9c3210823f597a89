"""The steps of the straight way, a file each; none knows another but the shapes between them and the writer."""
