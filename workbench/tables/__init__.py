"""Files of users, and what is done to their columns before anything is trained."""
