"""What the fast forms compute together: blocks, edges and segments, for given sizes.

`functional` executes these plans, and `cost` sums over them. No tensors: nothing here needs torch.
"""
