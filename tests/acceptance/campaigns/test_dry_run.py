"""A dry run says beforehand what becomes of every row."""

from collections import Counter

from tests.acceptance.backend import new_phone
from tests.acceptance.campaigns.marketing import Marketing, chats

_COLUMNS = {"targets": {"telegram": "chat", "email": "mail"}, "variables": {"first": "name", "name": "name", "order_id": "order"}}


def _mail() -> str:
    return f"c{new_phone()}@customer.example"


def test_what_is_told_is_what_happens(shop: Marketing) -> None:
    to, mails = chats(6), [_mail() for _ in range(6)]
    rows = [
        (to[0], mails[0], "Ana"),
        (to[1], mails[1], "Budi"),
        (to[2], "", "Cici"),
        ("0", mails[3], "Dedi"),
        (to[4], mails[4], "Euis"),
        ("", mails[5], "Fajar"),
        (to[0], mails[0], "Ana again"),
        ("", "", "Nobody"),
        (to[5], "", ""),
    ]
    for channel, address in (("telegram", to[1]), ("telegram", to[2]), ("telegram", to[4]), ("email", mails[4])):
        body = {"channel": channel, "addresses": [address], "reason": "manual"}
        headers = {"Authorization": f"Bearer {shop.tenant.token}"}
        assert shop.tenant.http.post("/v1/suppressions", json=body, headers=headers).is_success
    campaign = shop.create(
        keys={"telegram": shop.tenant.key("telegram"), "email": shop.tenant.key("email", 1)},
        content={
            "telegram": {"message": {"type": "text", "message": "Hi {{first}}"}},
            "email": {"template": shop.tenant.templates["email"]},
        },
        columns=_COLUMNS,
    )
    content = "chat,mail,name,order\n" + "".join(f"{chat},{mail},{name},7\n" for chat, mail, name in rows)
    shop.upload(campaign, content.encode())
    told = shop.data("POST", f"/{campaign}/dry_run")
    assert (told["rows"], told["refused"], told["duplicates"], told["recipients"]) == (9, 2, 1, 6)

    shop.data("POST", f"/{campaign}/start")
    ended = shop.ended(campaign)
    assert (ended["sent"], ended["failed"]) == (told["sent"], told["skipped"]) == (4, 2)
    lines = [line for line in shop.lines(campaign, "report") if line["state"] == "taken"]
    for channel in told["channels"]:
        name = channel["channel"]
        codes = Counter(line[f"{name}_code"] for line in lines if line[f"{name}_state"] == "failed")
        assert codes == channel["stopped"]
        states = Counter(line[f"{name}_state"] for line in lines)
        assert (states["sent"], states["skipped"]) == (channel["sent"], channel["not_needed"])
