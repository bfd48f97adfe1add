"""The machines of SageMaker's training jobs."""

from __future__ import annotations

import botocore.session

from tideform.prices.book import book


def test_they_are_all_that_the_api_takes_and_the_book_knows() -> None:
    model = botocore.session.get_session().get_service_model("sagemaker")
    taken = set(model.shape_for("TrainingInstanceType").enum)  # type: ignore[attr-defined]
    assert set(book().sagemaker().instances) == taken & {f"ml.{name}" for name in book().instances}


def test_an_accelerator_resolves_to_them() -> None:
    assert [t.name for t in book().sagemaker().resolve("A10G")][:2] == ["ml.g5.xlarge", "ml.g5.2xlarge"]


def test_they_cost_more_than_on_ec2() -> None:
    pairs = [(t, book().instances[name.removeprefix("ml.")]) for name, t in book().sagemaker().instances.items()]
    assert all(ml.on_demand_usd > plain.on_demand_usd for ml, plain in pairs)


def test_a_machine_is_found_by_what_it_is_billed_as() -> None:
    found = [book().instance(name) for name in ("ml.g5.xlarge", "g5.xlarge", "ml.t2.nano", "nonsense")]
    assert [t and (t.name, t.on_demand_usd) for t in found] == [
        ("ml.g5.xlarge", 1.408),
        ("g5.xlarge", 1.006),
        None,
        None,
    ]
