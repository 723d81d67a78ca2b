"""The least that Flask can do: the baseline that ratios are taken against."""

from flask import Flask

app = Flask(__name__)


@app.get("/")
def hello() -> str:
    return "hello"
