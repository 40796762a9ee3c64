"""The storm's settings with the soak's hasher."""

from benches.storm.settings import *  # noqa: F403

PASSWORD_HASHERS = ["benches.storm.few_iterations.FewIterations"]
