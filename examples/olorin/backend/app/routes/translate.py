"""Text from one language to another."""

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from app.security import require_api_key
from bayit_translation import Glossary, Translator
from olorin_core import parse_language

router = APIRouter(tags=["translate"], dependencies=[Depends(require_api_key)])


class TranslateRequest(BaseModel):
    text: str = Field(max_length=20_000)
    source: str = "en"
    target: str
    glossary: dict[str, str] = Field(default_factory=dict, max_length=500)


class TranslateResponse(BaseModel):
    text: str
    source: str
    target: str
    terms: int


@router.post("/translate")
def translate(request: TranslateRequest) -> TranslateResponse:
    translator = Translator(glossary=Glossary(request.glossary))
    result = translator.translate(
        request.text, parse_language(request.source), parse_language(request.target)
    )
    return TranslateResponse(
        text=result.text, source=result.source, target=result.target, terms=result.terms
    )
