import pytest

from reid_align.errors import InvalidInputError, ReidAlignError, UnknownNameError
from reid_align.recipes import RECIPES, override_settings

FULL = RECIPES["san_full"]


def test_path_without_a_stage_changes_the_last_stage() -> None:
    changed = override_settings(FULL, ["training.epochs=10", "task.constraint=official"])
    assert changed.last.training.epochs == 10
    assert changed.last.task.constraint == "official"
    assert changed.stages[0] == FULL.stages[0]


def test_path_can_start_with_a_stage() -> None:
    changed = override_settings(FULL, ["pg.training.optimizers.main.lr=1e-3"])
    assert changed.stages[0].training.optimizers["main"].lr == 1e-3
    assert changed.last == FULL.last


def test_arguments_of_the_encoder_can_be_added() -> None:
    changed = override_settings(FULL, ["task.encoder.arguments.norm=ibn_a"])
    assert changed.last.task.encoder.arguments == {"norm": "ibn_a"}


@pytest.mark.parametrize("order", [1, -1])
def test_settings_that_are_valid_only_together_can_be_given_in_any_order(order: int) -> None:
    warmup = "training.optimizers.main.schedule.warmup"
    settings = [f"{warmup}=none", f"{warmup}_epochs=0", "training.epochs=3", "training.keep=1"]
    changed = override_settings(RECIPES["finetune"], settings[::order]).last.training
    assert changed.optimizers["main"].schedule.warmup == "none"
    assert (changed.epochs, changed.keep) == (3, 1)


def test_of_several_settings_the_wrong_one_is_named() -> None:
    settings = ["training.keep=1", "training.epochs=0"]
    for given in (settings, settings[::-1]):
        with pytest.raises(InvalidInputError, match=r"Setting training\.epochs=0: "):
            override_settings(FULL, given)


def test_the_original_recipe_does_not_change() -> None:
    before = FULL.last.training.epochs
    override_settings(FULL, ["training.epochs=1"])
    assert FULL.last.training.epochs == before


@pytest.mark.parametrize(
    ("assignment", "error", "message"),
    [
        ("training.epochs", InvalidInputError, "expected PATH=VALUE"),
        (
            "training.epoch=3",
            UnknownNameError,
            r"Unknown setting 'training\.epoch'\. Did you mean training\.epochs\?",
        ),
        ("trainin.epochs=3", UnknownNameError, r"Did you mean training\.epochs\?"),
        ("name=other", UnknownNameError, "Known: .*stage pg, stage san"),
        ("p.training.epochs=3", UnknownNameError, r"Did you mean pg\.training\.epochs\?"),
        ("pg.epochs=3", UnknownNameError, r"Did you mean pg\.training\.epochs\?"),
        ("training.epochs=ten", InvalidInputError, "expected a whole number"),
        ("training.epochs=0", InvalidInputError, "at least 1"),
        ("training.epochs.few=1", InvalidInputError, "ends before 'few'"),
        ("training.clip=much", InvalidInputError, "a number or none"),
        ("task.step=both", InvalidInputError, "joint or alternating"),
        (
            "task.supervision=1",
            InvalidInputError,
            r"has several settings: task\.supervision\.identity_weight",
        ),
        ("training.optimizers=1", InvalidInputError, r"write training\.optimizers\.ENTRY=VALUE"),
        ("training.optimizers.texture.lr=1", UnknownNameError, "'texture' is not one of main"),
        ("streams.reid.augment.erase_area=0.1", InvalidInputError, "2 values"),
        ("task.decoder.skips=1", InvalidInputError, "true or false"),
        ("task.synthetic=false", InvalidInputError, "Use the recipe san_basic_tr"),
        ("san.task.synthetic=FALSE", InvalidInputError, "Use the recipe san_basic_tr"),
        ("training.alternate=reid", InvalidInputError, "must be the same"),
        (
            "training.epochs=-1",
            InvalidInputError,
            r"^Setting training\.epochs=-1: give at least 1\.$",
        ),
        ("epochs=3", UnknownNameError, r"'epochs'\. Did you mean training\.epochs\?"),
        ("training.optimisers.main.lr=1", UnknownNameError, "renamed to training.optimizers"),
        (
            "streams.reid.batching.people=8",
            UnknownNameError,
            r"renamed to streams\.reid\.sampler\.num_identities",
        ),
    ],
)
def test_invalid_changes_are_refused(
    assignment: str, error: type[ReidAlignError], message: str
) -> None:
    with pytest.raises(error, match=message):
        override_settings(FULL, [assignment])


def test_changed_streams_are_refused_with_the_right_recipe() -> None:
    with pytest.raises(InvalidInputError, match="Use the recipe san_basic_syn"):
        override_settings(RECIPES["san_basic"], ["task.synthetic=true"])


def test_renamed_losses_of_dsa_are_refused_with_the_new_name() -> None:
    renamed = r"task\.margin was renamed to task\.supervision\.margin"
    with pytest.raises(UnknownNameError, match=renamed):
        override_settings(RECIPES["dsa_full"], ["task.margin=0.5"])
    renamed = r"task\.fused_identity_weight was renamed to dsa\.task\.supervision\.identity_weight"
    with pytest.raises(UnknownNameError, match=renamed):
        override_settings(RECIPES["dsa_full"], ["dsa.task.fused_identity_weight=0.5"])


@pytest.mark.parametrize("again", ["training.epochs=10", "san.training.epochs=20"])
def test_setting_given_twice_is_refused(again: str) -> None:
    with pytest.raises(InvalidInputError, match="given twice"):
        override_settings(FULL, ["training.epochs=10", again])
