import pytest

from reid_align.errors import InvalidInputError, ReidAlignError, UnknownNameError
from reid_align.recipes import RECIPES, override
from reid_align.recipes.values import read_value

FULL = RECIPES["san_full"]


def test_a_path_without_a_stage_is_one_of_the_last_stage() -> None:
    changed = override(FULL, ["training.epochs=10", "task.constraint=official"])
    assert changed.last.training.epochs == 10
    assert changed.last.task.constraint == "official"
    assert changed.stages[0] == FULL.stages[0]


def test_a_path_may_begin_with_a_stage() -> None:
    changed = override(FULL, ["pg.training.optimizers.main.lr=1e-3"])
    assert changed.stages[0].training.optimizers["main"].lr == 1e-3
    assert changed.last == FULL.last


def test_entries_of_the_encoder_are_open() -> None:
    changed = override(FULL, ["task.encoder.arguments.norm=ibn_a"])
    assert changed.last.task.encoder.arguments == {"norm": "ibn_a"}


def test_the_recipe_itself_stays_as_it_is() -> None:
    before = FULL.last.training.epochs
    override(FULL, ["training.epochs=1"])
    assert FULL.last.training.epochs == before


@pytest.mark.parametrize(
    ("assignment", "error", "message"),
    [
        ("training.epochs", InvalidInputError, "write PATH=VALUE"),
        ("training.epoch=3", UnknownNameError, "Did you mean 'epochs'"),
        ("trainin.epochs=3", UnknownNameError, "Did you mean 'training'"),
        ("name=other", UnknownNameError, "Known: .*pg, san"),
        ("p.training.epochs=3", UnknownNameError, "Unknown setting or stage 'p'. Did you mean 'pg"),
        ("pg.epochs=3", UnknownNameError, "setting of Stage 'epochs'"),
        ("training.epochs=ten", InvalidInputError, "give a whole number"),
        ("training.epochs=0", InvalidInputError, "at least 1"),
        ("training.epochs.few=1", InvalidInputError, "ends before 'few'"),
        ("training.clip=much", InvalidInputError, "a number or none"),
        ("task.step=both", InvalidInputError, "joint or alternating"),
        ("task.supervision=1", InvalidInputError, "name one of its settings"),
        ("training.optimizers=1", InvalidInputError, "name an entry"),
        ("training.optimizers.texture.lr=1", UnknownNameError, "Known: main"),
        ("streams.reid.augment.erase_area=0.1", InvalidInputError, "2 values"),
        ("task.decoder.skips=1", InvalidInputError, "true or false"),
        ("task.synthetic=false", InvalidInputError, "another recipe: san_basic_tr"),
        ("san.task.synthetic=FALSE", InvalidInputError, "another recipe: san_basic_tr"),
        ("training.alternate=reid", InvalidInputError, "must be the same"),
    ],
)
def test_what_cannot_be_set_is_refused(
    assignment: str, error: type[ReidAlignError], message: str
) -> None:
    with pytest.raises(error, match=message):
        override(FULL, [assignment])


def test_a_recipe_without_synthetic_batches_is_another_than_one_with_them() -> None:
    with pytest.raises(InvalidInputError, match="another recipe: san_basic_syn"):
        override(RECIPES["san_basic"], ["task.synthetic=true"])


def test_a_recipe_of_one_stage_has_no_stages_to_name() -> None:
    with pytest.raises(UnknownNameError, match=r"setting of Stage 'trainin'.* unwrapper\.$"):
        override(RECIPES["dsa_full"], ["trainin.epochs=3"])


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (bool, "TRUE", True),
        (int, "12", 12),
        (float, "8e-4", 8e-4),
        (str, "a=b", "a=b"),
        (int | None, "none", None),
        (bool | int | float | str, "0.5", 0.5),
        (bool | int | float | str, "false", False),
        (bool | int | float | str, "gem", "gem"),
        (tuple[int, ...], "1, 2,3", (1, 2, 3)),
        (tuple[int, ...], "", ()),
        (tuple[float, float], "0.1,0.2", (0.1, 0.2)),
    ],
)
def test_texts_become_values_of_the_type(kind: object, text: str, value: object) -> None:
    found = read_value(kind, text)
    assert found == value
    assert type(found) is type(value)


def test_a_type_that_no_text_can_be_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="cannot be written"):
        read_value(dict, "x")
