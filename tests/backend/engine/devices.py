"""Devices as llama.cpp tells of them."""

GIB = 1 << 30
CPU, GPU, INTEGRATED, HELPER = range(4)


def device(kind, name="", total=0, free=0):
    return {
        "type": kind,
        "name": name,
        "description": name,
        "memory_total": total * GIB,
        "memory_free": free * GIB,
    }
