"""Amazon SES: e-mail received, and what became of e-mail sent, both through Amazon SNS."""
