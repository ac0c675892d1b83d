"""The requests that the contract prints, and what they become for Meta."""

from typing import Any, Final

Json = dict[str, Any]

COMPONENTS: Final = [
    {"type": "body", "parameters": [{"type": "text", "text": "John"}, {"type": "text", "text": "ORD-12345"}]},
]
CTA_URL: Final[Json] = {
    "type": "cta_url",
    "body": {"text": "Klik untuk melacak pesanan Anda."},
    "action": {
        "name": "cta_url",
        "parameters": {"display_text": "Lacak Pesanan", "url": "https://your-app.example.com/orders/12345"},
    },
}
LIST: Final[Json] = {
    "type": "list",
    "header": {"type": "text", "text": "Pilih layanan"},
    "body": {"text": "Layanan apa yang Anda butuhkan?"},
    "footer": {"text": "Pilih satu"},
    "action": {
        "button": "Lihat opsi",
        "sections": [
            {
                "title": "Bantuan",
                "rows": [
                    {"id": "billing", "title": "Tagihan", "description": "Tanya soal tagihan"},
                    {"id": "tech", "title": "Teknis", "description": "Bug, error, kesulitan"},
                ],
            }
        ],
    },
}
BUTTONS: Final[Json] = {
    "type": "button",
    "header": {"type": "image", "image": {"link": "https://your-cdn.example.com/a.jpg"}},
    "body": {"text": "Setuju?"},
    "action": {
        "buttons": [
            {"type": "reply", "reply": {"id": "yes", "title": "Ya"}},
            {"type": "reply", "reply": {"id": "no", "title": "Tidak"}},
        ]
    },
}
_SCREENSHOT: Final = "https://your-cdn.example.com/screenshot.jpg"
_REPORT: Final = "https://your-cdn.example.com/report.pdf"

PRINTED: Final[dict[str, tuple[Json, Json]]] = {
    "text": ({"type": "text", "text": {"body": "Halo dari Kirim"}}, {"body": "Halo dari Kirim"}),
    "template": (
        {"type": "template", "template": {"name": "order_confirmation", "language": "id_ID", "components": COMPONENTS}},
        {"name": "order_confirmation", "language": {"code": "id_ID"}, "components": COMPONENTS},
    ),
    "image": (
        {"type": "image", "image": {"url": _SCREENSHOT, "caption": "Lihat tangkapan layar"}},
        {"link": _SCREENSHOT, "caption": "Lihat tangkapan layar"},
    ),
    "document": (
        {"type": "document", "document": {"url": _REPORT, "caption": "Laporan", "filename": "laporan.pdf"}},
        {"link": _REPORT, "caption": "Laporan", "filename": "laporan.pdf"},
    ),
    "video": (
        {"type": "video", "video": {"url": "https://your-cdn.example.com/a.mp4"}},
        {"link": "https://your-cdn.example.com/a.mp4"},
    ),
    "audio": (
        {"type": "audio", "audio": {"url": "https://your-cdn.example.com/a.ogg"}},
        {"link": "https://your-cdn.example.com/a.ogg"},
    ),
    "cta_url": ({"type": "interactive", "interactive": CTA_URL}, CTA_URL),
    "list": ({"type": "interactive", "interactive": LIST}, LIST),
    "button": ({"type": "interactive", "interactive": BUTTONS}, BUTTONS),
}
"""A message of each kind without its recipient, and the object that Meta wants under its type."""
