"""Parameters that stand in a module under several names stay one, whatever replaces them."""

from torch import nn


class TiedModule(nn.Module):
    """A module that keeps its ties where PyTorch puts new parameters into the place of old ones.

    `to_empty` and `load_state_dict(..., assign=True)` do that name by name, so that a readout and
    an embedding with one matrix would end as two.
    """

    def __init__(self):
        super().__init__()
        self.register_load_state_dict_post_hook(_tie_again)

    def _apply(self, *inputs, **options):
        ties = _ties(self)
        result = super()._apply(*inputs, **options)
        _tie(ties)
        return result

    def _load_from_state_dict(self, *inputs, **options):
        # Called before the parts are loaded; the hook is called after them.
        vars(self)["_ties_before"] = _ties(self)
        super()._load_from_state_dict(*inputs, **options)


def _ties(module):
    """For each shared parameter: itself, and the (module, name) pairs that have it."""
    places = {}
    for part in module.modules():
        for name, parameter in part._parameters.items():
            if parameter is not None:
                places.setdefault(id(parameter), (parameter, []))[1].append((part, name))
    return [one for one in places.values() if len(one[1]) > 1]


def _tie(ties):
    for old, places in ties:
        now = [getattr(part, name) for part, name in places]
        # Of several that were put in its place the last one stays, as where they are copied.
        new = [one for one in now if one is not old and not one.is_meta]
        new = new or [one for one in now if one is not old]
        for part, name in places if new else ():
            setattr(part, name, new[-1])


def _tie_again(module, _):
    _tie(vars(module).pop("_ties_before", ()))
