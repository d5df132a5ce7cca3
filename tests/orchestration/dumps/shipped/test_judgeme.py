"""Judge.me's reviews. Columns: its import template, and public readers of its export."""

from collections.abc import Callable

from tests.orchestration.dumps.conftest import Home


def test_judgeme_reviews_land_with_their_texts_and_pictures_and_without_spam(landed: Callable[..., Home]) -> None:
    home = landed("judgeme_reviews", "EUR")
    texts = "Très bonne qualité,\nlivraison rapide."
    assert home.clean("rating, title, body, created_at::varchar, product_id, has_picture", "reviews") == [
        (1, "Bof", "Cassé à l'arrivée.", "2026-03-10 00:00:00", "7012345678", None),
        (4, "Top", texts, "2026-03-02 10:12:00", None, None),
        (5, "Top", texts, "2026-03-02 10:12:00", "7012345678", True),
        (5, None, None, "2026-03-02 10:12:00", "7012345678", None),
    ]
    ledger = home.ledger()
    (file,) = ledger.files("live")
    ledger.close()
    assert file.rows_left_out == 1


def test_reviews_of_one_product_and_moment_by_different_people_are_different_reviews(landed: Callable[..., Home]) -> None:
    home = landed("judgeme_reviews", "EUR")
    assert home.clean("count(distinct review_id)", "reviews") == [(4,)]


def test_a_review_keeps_its_id_when_it_is_exported_again(landed: Callable[..., Home]) -> None:
    home = landed("judgeme_reviews", "EUR")
    before = home.clean("review_id", "reviews")
    again = landed("judgeme_reviews", "EUR", change=("Bof", "Bof!"))
    assert again.clean("distinct review_id", "reviews") == before
