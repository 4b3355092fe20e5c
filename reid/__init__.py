"""Person re-identification: models, training, evaluation, serving."""
