"""Styles: what a finished picture is turned into, by image filters over the painted scene."""
