"""The steps of the straight way, a file each; they know the shapes between them, the writer and the checkpoints, and else not each other."""
