"""The programs kind and docker, and what is made of their words."""
