namespace scalectl::story {}
