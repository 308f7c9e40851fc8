"""TOSCA blueprints as applications."""
