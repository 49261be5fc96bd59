from app.main import app
from app.routes.transcribe import get_pipeline
from bayit_voice_pipeline import VoicePipeline
from bayit_voice_pipeline.decode import BYTES_PER_SECOND


def post(client, data, language="he-IL"):
    return client.post(
        "/v1/transcribe", files={"audio": ("call.ogg", data)}, data={"language": language}
    )


def test_segments(client):
    app.dependency_overrides[get_pipeline] = lambda: VoicePipeline(
        decoder=lambda clip: bytes(BYTES_PER_SECOND * 2)
    )
    assert post(client, b"OggS....").json() == {
        "language": "he",
        "segments": [{"start": 0.0, "end": 2.0, "text": "[he speech]"}],
    }


def test_other_files_are_refused(client):
    response = post(client, b"%PDF-1.7")
    assert response.status_code == 415
    assert response.json()["code"] == "unsupported_audio"


def test_other_languages_are_refused(client):
    assert post(client, b"OggS....", "tlh").status_code == 422
