"""Scoring of tracks: CLEAR MOT, identity metrics and HOTA, for one camera or many."""
