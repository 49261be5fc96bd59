from app.main import app
from app.settings import Settings, get_settings


def test_glossary_terms_are_kept(client):
    response = client.post(
        "/v1/translate",
        json={"text": "The invoice", "target": "fr", "glossary": {"invoice": "facture"}},
    )
    assert response.json()["text"] == "[fr] The facture"
    assert response.json()["terms"] == 1


def test_key_is_required_once_configured(client):
    app.dependency_overrides[get_settings] = lambda: Settings(_env_file=None, api_key="k")
    body = {"text": "Hello", "target": "fr"}
    assert client.post("/v1/translate", json=body).status_code == 401
    allowed = client.post("/v1/translate", json=body, headers={"x-api-key": "k"})
    assert allowed.status_code == 200
