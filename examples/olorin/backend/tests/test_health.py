from app.main import app
from app.settings import Settings, get_settings


def test_health(client):
    response = client.get("/health", headers={"x-request-id": "smoke-0001"})
    assert response.json() == {"status": "ok"}
    assert response.headers["x-request-id"] == "smoke-0001"


def test_ready_without_a_database(client):
    assert client.get("/health/ready").json()["database"] == "not configured"


def test_ready_fails_with_its_database(client, monkeypatch):
    app.dependency_overrides[get_settings] = lambda: Settings(
        _env_file=None, database_url="postgresql://localhost/olorin"
    )
    monkeypatch.setattr("app.database.answers", lambda url: False)
    assert client.get("/health/ready").status_code == 503
