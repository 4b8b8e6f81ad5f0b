"""Evaluates IAM policies for a request. It knows neither AWS's services nor moto.

Source of the rules: IAM user guide, "Policy evaluation logic" and "IAM JSON policy elements
reference".
"""
