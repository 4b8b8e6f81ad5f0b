"""How a stage is watched: a dashboard, alarms to one topic, a pulse, saved queries."""
