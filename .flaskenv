FLASK_APP=research_api.app
