"""One message of every type, and of every shape an interactive one can have."""

from shared.domain.content import JsonObject, Message

FILE = "https://files.example/a/b%20c.pdf"
LIST: JsonObject = {
    "button": "Open",
    "title": "Menu",
    "sections": [
        {"title": "Food", "rows": [{"id": "1", "title": "Soto", "description": "with rice"}, {"id": "2", "title": "Rawon"}]},
        {"title": "Drinks", "rows": [{"id": "3", "title": "Tea"}]},
    ],
}


def message(kind: str, text: str | None = "Hello", **context: object) -> Message:
    return Message.model_validate({"type": kind, "message": text, "richContext": context})


MESSAGES: dict[str, Message] = {
    "text": message("text", "Selamat pagi, dunia 👋 https://example.com"),
    "text with a footer": message("text", footer="Antar"),
    "image": message("image", fileUrl="https://files.example/a.png"),
    "image without a caption": message("image", None, fileUrl="https://files.example/a"),
    "video": message("video", fileUrl="https://files.example/a.mp4", fileName="Holiday.mp4"),
    "document": message("document", fileUrl=FILE, fileName="Bill.pdf"),
    "document without a name": message("document", None, fileUrl="https://files.example/"),
    "audio": message("audio", fileUrl="https://files.example/a.mp3"),
    "location": message("location", None, location={"lat": -6.2, "lng": 106.816666, "name": "Monas", "address": "Jakarta"}),
    "location without a name": message("location", None, location={"lat": 0, "lng": 0}),
    "reply buttons": message("interactive", footer="Antar", buttons=[[{"text": "Yes", "id": "y"}, {"text": "No"}]]),
    "reply buttons below an image": message("interactive", buttons=[{"text": "Yes"}], fileUrl="https://files.example/a.png"),
    "reply buttons below a document": message("interactive", buttons=[{"text": "Yes"}], fileUrl=FILE, fileName="Bill.pdf"),
    "a link": message("interactive", buttons=[{"text": "Pay", "url": "https://pay.example/1"}]),
    "more than three buttons": message("interactive", buttons=[[{"text": f"Choice {n}"} for n in range(10)]]),
    "a list": message("interactive", footer="Antar", listMessage=LIST),
}
