"""FHIR R4 (4.0.1): claims from Claim, sessions from Encounter and Procedure, history from ExplanationOfBenefit and ClaimResponse, findings out.

Read from plain JSON, without any extra: every element is held to R4's names and types (`elements`), references are followed inside the
file (`bundle`), codes are taken from the code systems that R4 names (`codes`), and what FHIR has no element for comes from a mapping
(`mapping`). The extra `[fhir]` adds a second door, HL7's own structure definitions (`validation`).
"""
