"""Association as the video goes on."""
