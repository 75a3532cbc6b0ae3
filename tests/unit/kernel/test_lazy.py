"""What is worked out once."""

from rapport.kernel.lazy import lazy


class Circle:
    """Counts how often its area is worked out."""

    def __init__(self, radius: float) -> None:
        self.radius = radius
        self.asked = 0

    @lazy
    def area(self) -> float:
        """In the square of the radius's unit."""
        self.asked += 1
        return 3 * self.radius**2


def test_a_lazy_value_is_worked_out_when_first_asked_for_and_then_kept() -> None:
    circle = Circle(2)
    assert circle.asked == 0
    assert (circle.area, circle.area, circle.asked) == (12, 12, 1)


def test_each_object_has_its_own_lazy_value() -> None:
    assert (Circle(1).area, Circle(2).area) == (3, 12)
