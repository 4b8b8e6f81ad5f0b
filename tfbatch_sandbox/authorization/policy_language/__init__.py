"""What an IAM policy says of a request: AWS's policy language, evaluated; no AWS, no moto here.

Source of the rules: IAM user guide, "Policy evaluation logic" and "IAM JSON policy elements
reference".
"""
