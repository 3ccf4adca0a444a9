"""Pictures that Python decodes while somebody moves: asked for over a WebSocket of the app's own server."""
