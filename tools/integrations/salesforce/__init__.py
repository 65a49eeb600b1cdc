"""Salesforce: accounts, contacts, leads, opportunities, cases, tasks."""
