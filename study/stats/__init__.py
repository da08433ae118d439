"""Statistics: frames or arrays in, frames or arrays out. Nothing here draws; randomness is an argument."""
