"""AWS Lambda: functions run from their deployed zip, in processes of their own."""
