"""A model in evaluation mode that leaves the model itself in whatever mode it is."""

import types

from torch import nn


class Resting:
    """Gives, at each call, what to compute with: the model as it is in evaluation mode.

    The mode of a module is no property of a call: whoever switches it switches it for every thread
    that uses the model. So this is another tree of modules, with the parameters, buffers and hooks
    of the model and modes of its own. Where hooks or a compiler hang on a model that is in
    evaluation mode, it is used itself: they may know its modules by identity.
    """

    def __init__(self, model):
        self._model = model
        self._modules = list(model.modules())
        self._known = any(_is_known(module) for module in self._modules)
        self._twin = _twin(model, {})

    def __call__(self):
        if self._known and not any(module.training for module in self._modules):
            return self._model
        return self._twin


def _twin(module, made):
    """A module in evaluation mode that shares everything with this one but its modes."""
    if id(module) in made:  # shared by several others, as a bias of positions may be
        return made[id(module)]
    compiled = getattr(module, "_orig_mod", None)
    if isinstance(compiled, nn.Module):  # of torch.compile: its code would ask the module itself
        made[id(module)] = _twin(compiled, made)
        return made[id(module)]
    twin = made[id(module)] = object.__new__(type(module))
    vars(twin).update(vars(module))
    if vars(twin).get("_compiled_call_impl") is not None:
        vars(twin)["_compiled_call_impl"] = None
    for name, one in vars(module).items():
        if isinstance(one, types.MethodType) and one.__self__ is module:
            vars(twin)[name] = types.MethodType(one.__func__, twin)
    children = vars(module)["_modules"].items()
    vars(twin)["_modules"] = {
        name: None if child is None else _twin(child, made) for name, child in children
    }
    vars(twin)["training"] = False
    return twin


def _is_known(module):
    """Somebody may tell this module from its twin."""
    names = vars(module)
    hooks = ("_forward_hooks", "_forward_pre_hooks", "_compiled_call_impl", "forward", "_orig_mod")
    return any(names.get(name) for name in hooks) or "_orig_mod" in names.get("_modules", ())
