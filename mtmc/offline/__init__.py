"""The second look: what is made of finished tracks once it is known what came after."""
