"""Update rules written from their formulas, one file each; `conf/optimizer/scratch/` names them."""
